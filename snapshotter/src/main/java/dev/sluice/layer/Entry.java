package dev.sluice.layer;

import static java.util.Objects.requireNonNull;

/**
 * One entry of a layer, as it is to be seen in the mounted tree: whiteouts are already {@link CharDevice 0/0 character
 * devices} and opaque directories carry {@code trusted.overlay.opaque}.
 *
 * <p>Paths are relative, separated by single slashes, without {@code .} or {@code ..}; the root is the empty string. Bytes that
 * are not UTF-8 are held as lone low surrogates (U+DC80 to U+DCFF), see {@link PathBytes}.
 */
public sealed interface Entry {
    /** Relative path; the empty string is the root. */
    String path();

    record Directory(String path, Attributes attributes) implements Entry {
        public Directory {
            requireNonNull(path, "path is null");
            requireNonNull(attributes, "attributes is null");
        }
    }

    /**
     * A regular file whose contents are the bytes {@code [deviceOffset, deviceOffset + size)} of the data device.
     *
     * @param size in bytes
     * @param deviceOffset in bytes, a multiple of 4096; meaningless if {@code size} is 0
     */
    record RegularFile(String path, Attributes attributes, long size, long deviceOffset) implements Entry {
        public RegularFile {
            requireNonNull(path, "path is null");
            requireNonNull(attributes, "attributes is null");
            if (size < 0 || deviceOffset < 0 || deviceOffset % 4096 != 0) {
                throw new IllegalArgumentException(
                        "size or device offset of a file is wrong: " + size + " at " + deviceOffset);
            }
        }
    }

    /** @param target as stored, not resolved; at most 4095 bytes */
    record Symlink(String path, Attributes attributes, String target) implements Entry {
        public Symlink {
            requireNonNull(path, "path is null");
            requireNonNull(attributes, "attributes is null");
            requireNonNull(target, "target is null");
        }
    }

    /** A further name of the non-directory at {@code target}, a path in this layer that is not itself a hard link. */
    record HardLink(String path, String target) implements Entry {
        public HardLink {
            requireNonNull(path, "path is null");
            requireNonNull(target, "target is null");
        }
    }

    record CharDevice(String path, Attributes attributes, int major, int minor) implements Entry {
        public CharDevice {
            requireNonNull(path, "path is null");
            requireNonNull(attributes, "attributes is null");
        }
    }

    record BlockDevice(String path, Attributes attributes, int major, int minor) implements Entry {
        public BlockDevice {
            requireNonNull(path, "path is null");
            requireNonNull(attributes, "attributes is null");
        }
    }

    record Socket(String path, Attributes attributes) implements Entry {
        public Socket {
            requireNonNull(path, "path is null");
            requireNonNull(attributes, "attributes is null");
        }
    }

    record Fifo(String path, Attributes attributes) implements Entry {
        public Fifo {
            requireNonNull(path, "path is null");
            requireNonNull(attributes, "attributes is null");
        }
    }
}
