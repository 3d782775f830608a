"""Digests by a language model behind an OpenAI-compatible endpoint, each held against its abstract.

endpoint   one question and its answer over HTTP, asked again where that helps
prompts    what is asked, in versioned files; with `glossary`, the terms that an abstract has
answers    what came back, as a checked value
recall     what was answered before, so that nothing is paid for twice
writer     from a paper to a digest that can be trusted, or to none
"""
