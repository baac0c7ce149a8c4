"""The alphabet of byte-level BPE: a printable character for each byte (GPT-2, encoder.py)."""


def _alphabet():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    spelled = {byte: chr(byte) for byte in printable}
    spelled.update((byte, chr(256 + i)) for i, byte in enumerate(rest))
    return spelled


SPELLED = _alphabet()


def spell(token):
    return "".join(SPELLED[byte] for byte in token)
