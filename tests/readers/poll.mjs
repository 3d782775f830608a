// Polls one feed with one of npm's parsers, as a program built on it would: it remembers the ETag and what it
// has shown. Arguments: folder of node_modules, package, address, file of its memory. Prints all it knows.
import { createRequire } from "node:module";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, name, address, memoryFile] = process.argv.slice(2);
const require = createRequire(`${modules}/here.js`);

const parsers = {
  "rss-parser": async (text) => {
    const Parser = require("rss-parser");
    const options = { customFields: { item: [["dc:creator", "creators", { keepArray: true }]] } };
    const feed = await new Parser(options).parseString(text);
    return feed.items.map((item) => ({
      id: item.guid ?? item.id,
      title: item.title,
      authors: item.creators ?? [item.author],
      content: item["content:encoded"] ?? item.content,
    }));
  },
  "@rowanmanning/feed-parser": async (text) => {
    const { parseFeed } = await import(pathToFileURL(require.resolve("@rowanmanning/feed-parser")));
    return parseFeed(text).items.map((item) => ({
      id: item.id,
      title: item.title,
      authors: item.authors.map((author) => author.name),
      content: item.content,
    }));
  },
};

const memory = existsSync(memoryFile)
  ? JSON.parse(readFileSync(memoryFile, "utf8"))
  : { etag: null, shown: {} };
const headers = memory.etag ? { "If-None-Match": memory.etag } : {};
const answer = await fetch(address, { headers });
if (answer.status === 200) {
  memory.etag = answer.headers.get("etag");
  for (const item of await parsers[name](await answer.text())) memory.shown[item.id] = item;
} else if (answer.status !== 304) {
  throw new Error(`${address} answered ${answer.status}`);
}
writeFileSync(memoryFile, JSON.stringify(memory));
console.log(JSON.stringify(Object.values(memory.shown)));
