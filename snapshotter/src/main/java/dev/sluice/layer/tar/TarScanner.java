package dev.sluice.layer.tar;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.Entry;
import dev.sluice.layer.FileSink;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerTree;
import dev.sluice.layer.PlainLayerLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;

/**
 * Reads a tar as containerd does when it unpacks a layer: makes a {@link LayerTree} of its entries, and gives the contents of its regular
 * files their places in the data device, in their order, each at the next 4 KiB block. Holds no contents. Not safe for use by many threads.
 */
final class TarScanner {
    /** Takes the bytes of a tar that are not contents of files. */
    interface MetaSink {
        /** @param bytes all of it is to be taken before this returns */
        void accept(ByteBuffer bytes) throws IOException;
    }

    private static final int OWNER_UNCHANGED = -1;

    private final LayerTree tree;
    private final Pieces pieces;
    private final FileSink files;
    private final TarParser parser;
    /** The piece whose data come next, and how much of it has come. */
    private int piece;

    private long pieceDone;

    TarScanner(PlainLayerLimits limits, FileSink files, MetaSink meta) {
        this.tree = new LayerTree(limits.entries(), limits.names());
        this.pieces = new Pieces(limits);
        this.files = files;
        this.parser = new TarParser(new Entries(meta));
    }

    /**
     * Takes the next bytes of the tar, all of them.
     *
     * @throws InvalidLayerException if containerd would refuse it, or a limit is passed
     * @throws IOException if a sink throws
     */
    void accept(ByteBuffer bytes) throws IOException {
        parser.accept(bytes);
    }

    /** How many of the bytes that follow are of no interest but to the sink of files. */
    long skippable() {
        return parser.skippable();
    }

    /** How many of the bytes that follow are surely not of that kind; at least 1 if the next one is not. */
    int metaWanted() {
        return parser.metaWanted();
    }

    /** Goes on as if so many bytes had come; at most {@link #skippable}. */
    void skip(long count) {
        parser.skip(count);
    }

    /** Offset of the next byte. */
    long position() {
        return parser.position();
    }

    /** @throws InvalidLayerException if the tar has ended too early */
    void finish() throws InvalidLayerException {
        parser.finish();
    }

    /** All entries, after {@link #finish}; see {@link LayerTree#entries}. */
    List<Entry> entries() throws InvalidLayerException {
        return tree.entries(pieces::fileOffset);
    }

    /** Numbers of the files that have a name still, after {@link #finish}. */
    BitSet namedFiles() {
        return tree.contents();
    }

    Pieces pieces() {
        return pieces;
    }

    private final class Entries implements TarParser.Sink {
        private final MetaSink meta;

        private Entries(MetaSink meta) {
            this.meta = meta;
        }

        @Override
        public void meta(ByteBuffer bytes) throws IOException {
            meta.accept(bytes);
        }

        @Override
        public void data(ByteBuffer data) throws IOException {
            while (data.hasRemaining()) {
                int count = (int) Math.min(data.remaining(), pieces.length(piece) - pieceDone);
                files.write(pieces.deviceOffset(piece) + pieceDone, data.slice(data.position(), count));
                data.position(data.position() + count);
                pieceDone += count;
                if (pieceDone == pieces.length(piece)) {
                    piece++;
                    pieceDone = 0;
                }
            }
        }

        @Override
        public boolean entry(TarHeader header, long position) throws InvalidLayerException {
            if (header.type == TarHeader.PAX_GLOBAL) {
                tree.globalRecords(header.name);
                return false;
            }
            Attributes attributes = attributes(header);
            switch (header.type) {
                case TarHeader.REGULAR -> {
                    if (!tree.regularFile(header.name, attributes, header.size, pieces.nextFile())) {
                        return false;
                    }
                    // Of a tar that is skipped, no data have come.
                    piece = pieces.count();
                    pieces.add(header, position);
                    return true;
                }
                case TarHeader.HARD_LINK -> tree.hardLink(header.name, attributes, header.linkName);
                case TarHeader.SYMLINK -> tree.symlink(header.name, attributes, header.linkName);
                case TarHeader.CHAR_DEVICE ->
                    tree.charDevice(header.name, attributes, header.devMajor, header.devMinor);
                case TarHeader.BLOCK_DEVICE ->
                    tree.blockDevice(header.name, attributes, header.devMajor, header.devMinor);
                case TarHeader.DIRECTORY -> tree.directory(header.name, attributes);
                case TarHeader.FIFO -> tree.fifo(header.name, attributes);
                default ->
                    tree.unknown(
                            header.name, attributes, "of type " + (int) header.type + ", which containerd refuses");
            }
            return false;
        }

        private Attributes attributes(TarHeader header) throws InvalidLayerException {
            int uid = (int) header.uid;
            int gid = (int) header.gid;
            if (uid == OWNER_UNCHANGED || gid == OWNER_UNCHANGED) {
                throw new InvalidLayerException("tar has an entry with the owner -1, which means that there is none");
            }
            // A time before 1970 becomes 1970 anyway.
            boolean isNegative = header.mtimeSeconds < 0 || header.mtimeNanos < 0;
            return new Attributes(
                    (int) header.mode & 07777,
                    uid,
                    gid,
                    isNegative ? -1 : header.mtimeSeconds,
                    isNegative ? 0 : header.mtimeNanos,
                    PaxRecords.xattrs(header.pax));
        }
    }
}
