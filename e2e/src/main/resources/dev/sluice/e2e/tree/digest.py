"""Prints one JSON object per path of a directory tree: everything that a process can see of it.

Usage: digest.py ROOT. Names are percent-encoded bytes. Walks by file descriptors, so that no path is too long.
"""

import hashlib
import json
import os
import stat
import sys
import urllib.parse

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


def encode(name):
    return urllib.parse.quote(name, safe="/ .,:;+-_=@!~()[]{}")


def contents(name, parent):
    digest = hashlib.sha256()
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        while block := os.read(fd, 1 << 20):
            digest.update(block)
    finally:
        os.close(fd)
    return digest.hexdigest()


def xattrs(name, parent):
    path = b"/proc/self/fd/%d/%s" % (parent, name)
    return {key: os.getxattr(path, key, follow_symlinks=False).hex()
            for key in sorted(os.listxattr(path, follow_symlinks=False))}


def describe(name, parent, path, first_names):
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    kind = KINDS[stat.S_IFMT(status.st_mode)]
    facts = {
        "path": encode(path),
        "kind": kind,
        "mode": oct(stat.S_IMODE(status.st_mode)),
        "owner": "%d:%d" % (status.st_uid, status.st_gid),
        "mtime": str(status.st_mtime_ns),
    }
    attributes = xattrs(name, parent)
    if attributes:
        facts["xattrs"] = json.dumps(attributes)
    if kind != "directory":
        facts["links"] = str(status.st_nlink)
        if status.st_nlink > 1:
            facts["same file as"] = first_names.setdefault((status.st_dev, status.st_ino), encode(path))
    if kind == "file":
        facts["size"] = str(status.st_size)
        facts["sha256"] = contents(name, parent)
    elif kind == "symlink":
        facts["target"] = encode(os.readlink(name, dir_fd=parent))
    elif kind.endswith("device"):
        facts["device"] = "%d:%d" % (os.major(status.st_rdev), os.minor(status.st_rdev))
    return facts


def walk(fd, path, first_names):
    # Bytes in, bytes out: os.listdir() of a descriptor gives text.
    for name in sorted(os.fsencode(name) for name in os.listdir(fd)):
        child_path = path + b"/" + name if path else name
        facts = describe(name, fd, child_path, first_names)
        print(json.dumps(facts))
        if facts["kind"] == "directory":
            child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            try:
                walk(child, child_path, first_names)
            finally:
                os.close(child)


def main():
    sys.setrecursionlimit(10_000)
    root = os.open(os.fsencode(sys.argv[1]), os.O_RDONLY | os.O_DIRECTORY)
    facts = describe(b".", root, b".", {})
    print(json.dumps(facts))
    walk(root, b"", {})


main()
