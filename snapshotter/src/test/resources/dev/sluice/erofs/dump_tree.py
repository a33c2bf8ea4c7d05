"""Prints what the kernel says of every name below a directory, one line each, as TestTree expects it."""
import hashlib, os, stat, sys

LIMIT = 1 << 20

def contents(path, size):
    if size > LIMIT:
        return "-"
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()

def line(path, relative):
    s = os.lstat(path)
    regular = stat.S_ISREG(s.st_mode)
    link = stat.S_ISLNK(s.st_mode)
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return "|".join([
        relative.hex(), "%o" % s.st_mode, str(s.st_uid), str(s.st_gid), str(s.st_nlink),
        str(s.st_size) if regular or link else "-", str(s.st_mtime_ns),
        "%d:%d" % (os.major(s.st_rdev), os.minor(s.st_rdev)),
        os.readlink(path).hex() if link else "-",
        ",".join(n + "=" + os.getxattr(path, n, follow_symlinks=False).hex() for n in names),
        contents(path, s.st_size) if regular else "-"])

def walk(path, relative):
    print(line(path, relative))
    if stat.S_ISDIR(os.lstat(path).st_mode):
        for name in sorted(os.listdir(path)):
            walk(path + b"/" + name, relative + b"/" + name if relative else name)

sys.setrecursionlimit(10000)
walk(os.fsencode(sys.argv[1]), b"")
