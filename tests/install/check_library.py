"""Fails where the library needs another than the compiler's and C's, or exports more than its API.

    check_library.py libreranker.so [NEEDED...]     what it may need besides
"""

import re
import subprocess
import sys

RUNTIME = r"(libstdc\+\+|libm|libgcc_s|libc|libpthread|libdl|libasan|libubsan|libtsan|ld-linux-x86-64|ld-linux-aarch64)\.so(\.\d+)*"
API = r"reranker::v4::(Reranker|Runtime|Error|name)\b(?!::Impl)"
OF_A_TYPE = r"(typeinfo|typeinfo name|vtable) for reranker::v4::Error"


def lines(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()


def needed(library):
    return [line.split("[")[1].rstrip("]") for line in lines("readelf", "--dynamic", "--wide", library) if "(NEEDED)" in line]


def exported(library):
    return [line.split(" ", 2)[2] for line in lines("nm", "--dynamic", "--defined-only", "--demangle", library)]


def main(library, *besides):
    symbols = exported(library)
    surplus = [name for name in needed(library) if not re.fullmatch(RUNTIME, name) and not name.startswith(besides or "/")]
    surplus += [name for name in symbols if not re.match(API, name) and not re.fullmatch(OF_A_TYPE, name)]
    if not any("Reranker::load(" in name for name in symbols):
        sys.exit(f"{library} exports no Reranker::load")
    if surplus:
        sys.exit("\n".join([f"{library} needs or exports what it should not:", *surplus]))


if __name__ == "__main__":
    main(*sys.argv[1:])
