package dev.sluice.layer;

import java.util.Map;
import java.util.function.IntToLongFunction;

/** What a {@link LayerTree} holds at a path. Mutable, because later headers change earlier files. */
abstract sealed class TreeNode permits TreeNode.Directory, TreeNode.Whiteout, TreeNode.Linkable {
    Attributes attributes;

    TreeNode(Attributes attributes) {
        this.attributes = attributes;
    }

    static final class Directory extends TreeNode {
        private static final Attributes IMPLIED = new Attributes(0755, 0, 0, 0, 0, Map.of());

        boolean named;
        boolean opaque;

        Directory() {
            super(IMPLIED);
        }

        void name(Attributes own) {
            named = true;
            attributes = own;
        }

        Entry entry(String path) {
            return new Entry.Directory(path, opaque ? AppliedAttributes.opaque(attributes) : attributes);
        }
    }

    static final class Whiteout extends TreeNode {
        Whiteout(Attributes attributes) {
            super(attributes);
        }
    }

    /** What may have several names. */
    abstract static sealed class Linkable extends TreeNode permits RegularFile, Symlink, Device, Fifo {
        /** Empty until an entry is made of the node. */
        String firstPath = "";

        Linkable(Attributes attributes) {
            super(attributes);
        }

        abstract Entry entry(String path, IntToLongFunction deviceOffset);
    }

    static final class RegularFile extends Linkable {
        private final long size;
        final int content;

        RegularFile(Attributes attributes, long size, int content) {
            super(attributes);
            this.size = size;
            this.content = content;
        }

        @Override
        Entry entry(String path, IntToLongFunction deviceOffset) {
            return new Entry.RegularFile(path, attributes, size, size == 0 ? 0 : deviceOffset.applyAsLong(content));
        }
    }

    static final class Symlink extends Linkable {
        final String target;

        Symlink(Attributes attributes, String target) {
            super(attributes);
            this.target = target;
        }

        @Override
        Entry entry(String path, IntToLongFunction deviceOffset) {
            return new Entry.Symlink(path, attributes, target);
        }
    }

    static final class Device extends Linkable {
        private final boolean character;
        private final int major;
        private final int minor;

        Device(Attributes attributes, boolean character, int major, int minor) {
            super(attributes);
            this.character = character;
            this.major = major;
            this.minor = minor;
        }

        @Override
        Entry entry(String path, IntToLongFunction deviceOffset) {
            return character
                    ? new Entry.CharDevice(path, attributes, major, minor)
                    : new Entry.BlockDevice(path, attributes, major, minor);
        }
    }

    static final class Fifo extends Linkable {
        Fifo(Attributes attributes) {
            super(attributes);
        }

        @Override
        Entry entry(String path, IntToLongFunction deviceOffset) {
            return new Entry.Fifo(path, attributes);
        }
    }
}
