"""Fails on an #include that points the wrong way between the rooms.

    check_includes.py REPOSITORY

Direction: examples -> include <- src/*.cpp -> engine, batch, text, model, runtime; engine -> kernels.
"""

import pathlib
import re
import sys

# A place may include from itself and from these. The first that matches a path counts.
MAY_INCLUDE = {
    "include": [],
    "kernels": [],
    "examples": ["include"],
    "src/text": ["include"],
    "src/model": ["include", "script"],
    "src/runtime": ["include"],
    "src/batch": ["include", "src/text"],
    "src/engine": ["include", "src/batch", "src/model", "src/runtime", "kernels"],
    "src": ["include", "src/text", "src/model", "src/runtime", "src/batch", "src/engine/engine.hpp"],
}
FRAMEWORK = re.compile(r"^(torch|ATen|c10)/")
# The file that opens the engine's module belongs to the library and knows no LibTorch.
LIBTORCH_FREE = re.compile(r"^(include|kernels|examples|src/(text|model|runtime|batch|[^/]+$)|src/engine/(engine\.hpp|open\.cpp))")


def place_of(path):
    return next((place for place in MAY_INCLUDE if path.startswith(place + "/")), None)


def resolve(root, source, name):
    """The repository path that an include means, or None for what lies outside."""
    if name.endswith("_script.hpp"):  # of models/*.py
        return "script"
    bases = [source.parent, root / "include", root / "src", root]
    found = next((base / name for base in bases if (base / name).is_file()), None)
    return str(found.resolve().relative_to(root)) if found else None


def sources(root):
    tops = {place.split("/")[0] for place in MAY_INCLUDE}
    return sorted(file for top in tops for file in (root / top).rglob("*") if file.suffix in (".cpp", ".hpp", ".cu"))


def complaints(root, files):
    for source in files:
        path = str(source.relative_to(root))
        place = place_of(path)
        if place is None:
            continue
        for name in re.findall(r'^#include [<"]([^>"]+)[>"]', source.read_text(), re.M):
            if FRAMEWORK.match(name) and LIBTORCH_FREE.match(path):
                yield f"{path} includes {name}: LibTorch stays behind the engine's door"
            target = resolve(root, source, name)
            if target and not any(target.startswith(allowed) for allowed in [place + "/", *MAY_INCLUDE[place]]):
                yield f"{path} includes {target}: {place} may include {MAY_INCLUDE[place] or 'itself'}"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = sources(root)
    found = list(complaints(root, files)) if files else [f"{root} has no source"]
    print("\n".join(found) or "every #include points the right way")
    sys.exit(1 if found else 0)


main()
