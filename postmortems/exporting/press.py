"""A program of its own that prints one document: `press.py FOLDER`.

It reads FOLDER/main.typ, data.json and pictures, and writes out.pdf. Its own process, so that neither time nor memory
of a strange document is taken from the server. It knows nothing of Django.
"""

import re
import resource
import sys
from pathlib import Path
from typing import Final

import typst

CPU_SECONDS = 20
_MEMORY = 3 * 2**30
_MOST_BYTES = 150 * 2**20
_NAMED = 40
# PDF/A: all fonts inside, structure for screen readers; it also refuses letters that cannot be drawn.
_STANDARD: Final = "a-2a"


def letters(quoted: list[str]) -> list[str]:
    """Each once as U+6C7A; the printer quotes letters that cannot be seen as \\u{e0001}."""
    found: dict[str, None] = {}
    for text in quoted:
        plain = re.sub(r"\\u\{([0-9a-f]{1,6})\}", lambda code: chr(int(code[1], 16)), text)
        found |= dict.fromkeys(f"U+{ord(letter):04X}" for letter in plain if not letter.isspace())
    return list(found)


def main(folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))
    source, missing = folder / "main.typ", []
    compiler = typst.Compiler(str(source), root=str(folder))
    try:
        made = compiler.compile(format="pdf", pdf_standards=[_STANDARD])
    except typst.TypstError as error:
        said = f"{error.message}\n{error.diagnostic}"
        missing = letters(re.findall(r"the text `\"(.+?)\"` could not be displayed", said))
        made = compiler.compile(format="pdf", sys_inputs={"missing": ", ".join(missing[:_NAMED])})
    if isinstance(made, bytes):
        (folder / "out.pdf").write_bytes(made)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
