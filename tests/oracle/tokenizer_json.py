"""Finds the Llama 3 tokenizer.json that every made checkpoint carries.

The vocabulary stays under the Llama licence and is never committed: it is built from the
`llama-models` wheel by `tokenizer/make_llama3_tokenizer.py`, once for each process.
"""
import shutil
def make_tokenizer_json(path):
    shutil.copyfile("/work/scratch-oracle/tokenizer.json", path)
