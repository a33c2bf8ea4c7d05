package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Extended attributes of files, symbolic links not followed. Safe for use by many threads. */
public final class Xattrs {
    /** The kernel's own bound for a list of names and for a value, {@code linux/limits.h}. */
    private static final int XATTR_MAX = 65536;

    private static final int USUAL_SIZE = 512;

    private final Native libc;

    Xattrs(Native libc) {
        this.libc = libc;
    }

    /** Names with their prefix, {@code user.x}. Empty where the file system has no extended attributes. */
    public List<String> list(Path path) throws LinuxException {
        return list(Native.path(path), path.toString());
    }

    /** As {@link #list(Path)}, for a path whose bytes need not be text. */
    public List<String> list(byte[] path) throws LinuxException {
        return list(Native.nulTerminated(path), new String(path, UTF_8));
    }

    /** A value; empty if there is no such attribute. */
    public Optional<byte[]> get(Path path, String name) throws LinuxException {
        return get(Native.path(path), path.toString(), name);
    }

    /** As {@link #get(Path, String)}, for a path whose bytes need not be text. */
    public Optional<byte[]> get(byte[] path, String name) throws LinuxException {
        return get(Native.nulTerminated(path), new String(path, UTF_8), name);
    }

    /** Sets or replaces a value. */
    public void set(Path path, String name, byte[] value) throws LinuxException {
        libc.check(
                libc.libc().lsetxattr(Native.path(path), nameBytes(name), value, value.length, 0),
                "set attribute " + name + " of " + path);
    }

    private List<String> list(byte[] path, String description) throws LinuxException {
        ByteBuffer names = ByteBuffer.allocate(USUAL_SIZE);
        long length = libc.libc().llistxattr(path, names, names.capacity());
        if (length < 0 && libc.errno() == Errno.ERANGE.number()) {
            names = ByteBuffer.allocate(XATTR_MAX);
            length = libc.libc().llistxattr(path, names, names.capacity());
        }
        if (length < 0 && libc.errno() == Errno.EOPNOTSUPP.number()) {
            return List.of();
        }
        libc.check(length, "list attributes of " + description);
        List<String> result = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < length; i++) {
            if (names.get(i) == 0) {
                result.add(new String(names.array(), start, i - start, UTF_8));
                start = i + 1;
            }
        }
        return List.copyOf(result);
    }

    private Optional<byte[]> get(byte[] path, String description, String name) throws LinuxException {
        ByteBuffer value = ByteBuffer.allocate(USUAL_SIZE);
        long length = libc.libc().lgetxattr(path, nameBytes(name), value, value.capacity());
        if (length < 0 && libc.errno() == Errno.ERANGE.number()) {
            value = ByteBuffer.allocate(XATTR_MAX);
            length = libc.libc().lgetxattr(path, nameBytes(name), value, value.capacity());
        }
        if (length < 0 && (libc.errno() == Errno.ENODATA.number() || libc.errno() == Errno.EOPNOTSUPP.number())) {
            return Optional.empty();
        }
        libc.check(length, "get attribute " + name + " of " + description);
        byte[] result = new byte[(int) length];
        value.get(0, result);
        return Optional.of(result);
    }

    private static byte[] nameBytes(String name) {
        return Native.nulTerminated(name.getBytes(UTF_8));
    }
}
