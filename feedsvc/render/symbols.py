"""Tables of mathematics in Unicode: what pylatexenc does not know, and letters above and below the line."""

from __future__ import annotations

# fmt: off
MACROS = {
    "Box": "□", "Diamond": "◇", "Im": "ℑ", "Re": "ℜ", "P": "¶", "S": "§", "LaTeX": "LaTeX", "TeX": "TeX",
    "%": "%", "|": "‖", "prime": "′", "arg": "arg", "argmax": "argmax", "argmin": "argmin", "bmod": "mod",
    "bot": "⊥", "checkmark": "✓", "circledast": "⊛", "colon": ":", "coloneqq": "≔", "complement": "∁",
    "copyright": "©", "dag": "†", "ddag": "‡", "ddagger": "‡", "deg": "deg", "degree": "°", "det": "det",
    "dim": "dim", "enspace": " ", "eqqcolon": "≕", "euro": "€", "gcd": "gcd", "gt": ">", "hom": "hom",
    "hslash": "ℏ", "iff": "⟺", "implies": "⟹", "impliedby": "⟸", "ker": "ker", "land": "∧", "lbrack": "[",
    "lor": "∨", "lt": "<", "micro": "µ", "mod": "mod", "models": "⊨", "ne": "≠", "neg": "¬", "ohm": "Ω",
    "pounds": "£", "Pr": "Pr", "rbrack": "]", "sharp": "♯", "flat": "♭", "natural": "♮", "space": " ",
    "textless": "<", "textgreater": ">", "textunderscore": "_", "thinspace": " ", "triangle": "△",
    "upmu": "μ", "vDash": "⊨", "imath": "ı", "jmath": "ȷ", "ast": "*", "star": "⋆", "bullet": "•",
    "log": "log", "lg": "lg", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "limsup": "lim sup",
    "liminf": "lim inf", "injlim": "inj lim", "projlim": "proj lim", "diag": "diag", "tr": "tr",
}

# Argument specifications (pylatexenc's: `{` required, `[` optional, `*` a star) of macros it does not know.
ARGUMENTS = {
    "operatorname": "*{", "mathop": "{", "mathbin": "{", "mathrel": "{", "mathord": "{", "mathds": "{",
    "mathbbm": "{", "Bbb": "{", "pmb": "{", "boldsymbol": "{", "bm": "{", "mathscr": "{", "mathfrak": "{",
    "mathnormal": "{", "dfrac": "{{", "tfrac": "{{", "nicefrac": "{{", "sfrac": "{{", "pmod": "{",
    "widehat": "{", "widetilde": "{", "mathring": "{", "textnormal": "{", "textup": "{", "mbox": "{",
    "hbox": "{", "underline": "{", "overline": "{", "uline": "{", "ket": "{", "bra": "{", "braket": "{",
    "not": "{",
}
# fmt: on

FONTS = {
    "mathbb": "doublestruck",
    "mathds": "doublestruck",
    "mathbbm": "doublestruck",
    "Bbb": "doublestruck",
    "mathcal": "script",
    "mathscr": "script",
    "mathfrak": "fraktur",
    "frak": "fraktur",
    "mathbf": "bold",
    "boldsymbol": "bold",
    "bm": "bold",
    "pmb": "bold",
}
ZEROS = {"doublestruck": 0x1D7D8, "bold": 0x1D7CE}

# fmt: off
# These change the rest of their group.
SWITCHES = {
    "rm": "", "it": "", "sf": "", "tt": "", "sc": "", "sl": "", "em": "", "mit": "",
    "displaystyle": "", "textstyle": "", "bf": "bold", "boldmath": "bold", "cal": "script",
}

# Their argument stands upright among the mathematics, or as it would without them.
PLAIN = frozenset({
    "mathrm", "mathit", "mathsf", "mathtt", "mathnormal", "mathbin", "mathrel", "mathord", "ensuremath",
    "text", "textrm", "textsf", "texttt", "textit", "textbf", "textsc", "textsl", "textup", "textnormal",
    "emph", "mbox", "hbox", "underline", "uline",
})
# fmt: on
BRACKETED = {"ket": ("|", "⟩"), "bra": ("⟨", "|"), "braket": ("⟨", "⟩")}
NAMED = frozenset({"operatorname", "mathop"})
FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "nicefrac", "sfrac"})
DROPPED = frozenset(
    {"limits", "nolimits", "mathstrut", "strut", "scriptstyle", "negthinspace", "null", "relax", "/", "-"}
)

MARKS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "overline": "\u0305",
    "vec": "\u20d7",
    "dot": "\u0307",
    "ddot": "\u0308",
    "check": "\u030c",
    "breve": "\u0306",
    "acute": "\u0301",
    "grave": "\u0300",
    "mathring": "\u030a",
}
COMBINING_RANGE = "\u0300-\u036f\u20d0-\u20ff"
ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}
VULGAR = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾", "1/5": "⅕", "1/8": "⅛"}

# Sm of the Unicode standard also holds what is no operator between two operands.
NO_OPERATORS = frozenset("|~∂∇∑∏∐∫∬∭∮√∛∜∞¬∀∃∄∅⊤ℵ")
TYPED_OPERATORS = frozenset("=<>+-:")
PREFIXES = NO_OPERATORS - frozenset("|~")
OPENING = frozenset("([{⟨⌊⌈")
CLOSING = frozenset(")]}⟩⌋⌉")

SUPERSCRIPTS = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ",
        strict=True,
    )
)
# These stand high by themselves.
SUPERSCRIPTS |= {character: character for character in "*°′″†‡"} | {"∘": "°", "∗": "*"}
SUBSCRIPTS = dict(
    zip(
        "0123456789+-=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
SCRIPT_CHARACTERS = "".join(sorted({*SUPERSCRIPTS.values(), *SUBSCRIPTS.values()} - set("*")))
