package dev.sluice.layer.tar;

import dev.sluice.layer.InvalidLayerException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/**
 * Takes a tar apart while it arrives, in pieces of any length: ustar, pax, GNU, star and V7. Accepts what Go's archive/tar accepts,
 * with which containerd reads layers, and refuses what that refuses. Holds no more than one header in memory. Not safe for use by many threads.
 */
final class TarParser {
    /** Most bytes of a long name or of the pax records of an entry. */
    private static final int MAX_SPECIAL = 1 << 20;

    /** Takes what is found. */
    interface Sink {
        /**
         * An entry, or global pax records, which have no data.
         *
         * @param position of the first byte of its data in the tar
         * @return whether the data are wanted
         */
        boolean entry(TarHeader header, long position) throws IOException;

        /** The next data of the last entry, holes left out. */
        void data(ByteBuffer data) throws IOException;

        /** The next bytes that are neither data, nor padding, nor behind the end of the tar. */
        void meta(ByteBuffer bytes) throws IOException;
    }

    private enum State {
        HEADER,
        SECOND_ZEROS,
        SPECIAL,
        SPARSE_EXTENSION,
        SPARSE_MAP,
        DATA,
        UNWANTED_DATA,
        PADDING,
        END
    }

    private final Sink sink;
    private State state = State.HEADER;
    private long position;

    /** What {@link State#HEADER} to {@link State#SPARSE_MAP} wait for. */
    private byte[] wanted = new byte[HeaderBlock.SIZE];

    private int filled;
    private final byte[] block = wanted;

    /** Bytes that are left in {@link State#DATA} to {@link State#PADDING}. */
    private long remaining;

    private int padding;

    private TarHeader header = new TarHeader();
    private SparseMap sparseMap = new SparseMap();
    private PaxSparse paxSparse = new PaxSparse();
    private int sparseBytes;

    /** What stands before the next entry, for it. */
    private Map<String, byte[]> pax = Map.of();

    private String longName = "";
    private String longLink = "";

    TarParser(Sink sink) {
        this.sink = sink;
    }

    /** Takes the next bytes of the tar, all of them. */
    void accept(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            switch (state) {
                case DATA -> {
                    int count = (int) Math.min(bytes.remaining(), remaining);
                    sink.data(bytes.slice(bytes.position(), count));
                    pass(bytes, count);
                }
                case UNWANTED_DATA, PADDING -> pass(bytes, (int) Math.min(bytes.remaining(), remaining));
                case END -> pass(bytes, bytes.remaining());
                default -> collect(bytes);
            }
        }
    }

    private void pass(ByteBuffer bytes, int count) {
        bytes.position(bytes.position() + count);
        skip(count);
    }

    /** How many of the bytes that follow are data, padding or behind the end. */
    long skippable() {
        return switch (state) {
            case DATA, UNWANTED_DATA, PADDING -> remaining;
            case END -> Long.MAX_VALUE - position;
            default -> 0;
        };
    }

    /** How many of the bytes that follow are surely none of those; at least 1 if the next one is not. */
    int metaWanted() {
        return skippable() > 0 ? 0 : wanted.length - filled;
    }

    /** Goes on as if so many bytes had come, which are not given to the sink; at most {@link #skippable}. */
    void skip(long count) {
        position += count;
        if (state != State.END && count > 0) {
            remaining -= count;
            leaveIfDone();
        }
    }

    private void leaveIfDone() {
        if (remaining == 0) {
            boolean isPadded = state == State.PADDING || padding == 0;
            state = isPadded ? State.HEADER : State.PADDING;
            remaining = isPadded ? 0 : padding;
        }
    }

    /** Offset of the next byte. */
    long position() {
        return position;
    }

    /** @throws InvalidLayerException if the tar ends within an entry. The blocks of zeros at its end may be missing. */
    void finish() throws InvalidLayerException {
        boolean isWhole = switch (state) {
            case HEADER, SECOND_ZEROS -> filled == 0;
            case PADDING, END -> true;
            default -> false;
        };
        if (!isWhole) {
            throw new InvalidLayerException("tar ends within an entry, after " + position + " bytes");
        }
    }

    private void collect(ByteBuffer bytes) throws IOException {
        int count = Math.min(bytes.remaining(), wanted.length - filled);
        sink.meta(bytes.slice(bytes.position(), count));
        bytes.get(wanted, filled, count);
        filled += count;
        position += count;
        if (filled == wanted.length) {
            filled = 0;
            collected();
        }
    }

    private void collected() throws IOException {
        switch (state) {
            case HEADER -> header();
            case SECOND_ZEROS -> {
                if (!HeaderBlock.isZero(block)) {
                    throw new InvalidLayerException("tar has one block of zeros, not two, before " + position);
                }
                state = State.END;
            }
            case SPECIAL -> special();
            case SPARSE_EXTENSION -> sparse(HeaderBlock.readSparseExtension(block, sparseMap));
            case SPARSE_MAP -> sparseMap();
            default -> throw new IllegalStateException("nothing is collected in state " + state);
        }
    }

    private void header() throws IOException {
        if (HeaderBlock.isZero(block)) {
            state = State.SECOND_ZEROS;
            return;
        }
        header = HeaderBlock.parse(block);
        setStoredSize();
        switch (header.type) {
            case TarHeader.PAX, TarHeader.PAX_GLOBAL, TarHeader.GNU_LONG_NAME, TarHeader.GNU_LONG_LINK -> {
                if (header.storedSize > MAX_SPECIAL) {
                    throw new InvalidLayerException("tar has a header of " + header.storedSize + " bytes");
                }
                wanted = new byte[(int) header.storedSize];
                state = State.SPECIAL;
                if (wanted.length == 0) {
                    special();
                }
            }
            default -> file();
        }
    }

    private void setStoredSize() throws InvalidLayerException {
        header.storedSize = header.isHeaderOnly() ? 0 : header.size;
        if (header.storedSize < 0) {
            throw new InvalidLayerException("tar has an entry of " + header.storedSize + " bytes");
        }
        padding = (int) (-header.storedSize & (HeaderBlock.SIZE - 1));
    }

    private void special() throws IOException {
        byte[] body = wanted;
        wanted = block;
        switch (header.type) {
            case TarHeader.PAX -> pax = PaxRecords.parse(body);
            case TarHeader.PAX_GLOBAL -> {
                byte[] path = PaxRecords.parse(body).getOrDefault("path", new byte[0]);
                header.name = path.length == 0 ? header.name : HeaderBlock.text(path, 0, path.length);
                forgetSpecials();
                sink.entry(header, position);
            }
            case TarHeader.GNU_LONG_NAME -> longName = HeaderBlock.text(body, 0, body.length);
            default -> longLink = HeaderBlock.text(body, 0, body.length);
        }
        begin(State.UNWANTED_DATA, 0);
    }

    private void forgetSpecials() {
        pax = Map.of();
        longName = "";
        longLink = "";
    }

    private void file() throws IOException {
        PaxRecords.merge(pax, header);
        header.name = longName.isEmpty() ? header.name : longName;
        header.linkName = longLink.isEmpty() ? header.linkName : longLink;
        if (header.type == TarHeader.REGULAR_V7) {
            header.type = header.name.endsWith("/") ? TarHeader.DIRECTORY : TarHeader.REGULAR;
        }
        setStoredSize();
        forgetSpecials();
        sparseMap = new SparseMap();
        if (header.type == TarHeader.GNU_SPARSE) {
            sparseBytes = 0;
            sparse(HeaderBlock.readSparse(block, header, sparseMap));
            return;
        }
        PaxSparse.Version version = PaxSparse.version(header.pax);
        if (version == PaxSparse.Version.NONE) {
            entry();
            return;
        }
        PaxSparse.merge(header);
        if (version == PaxSparse.Version.RECORDS) {
            header.sparse = Optional.of(PaxSparse.ofRecords(header.pax));
            entry();
        } else {
            paxSparse = new PaxSparse();
            awaitSparseMap();
        }
    }

    private void sparse(boolean more) throws IOException {
        sparseBytes += HeaderBlock.SIZE;
        if (sparseBytes > SparseMap.MAX_BYTES) {
            throw new InvalidLayerException("sparse file has a map of more than " + SparseMap.MAX_BYTES + " bytes");
        }
        state = State.SPARSE_EXTENSION;
        if (!more) {
            header.sparse = Optional.of(sparseMap);
            entry();
        }
    }

    private void sparseMap() throws IOException {
        if (paxSparse.accept(block)) {
            header.sparse = Optional.of(paxSparse.map());
            entry();
        } else {
            awaitSparseMap();
        }
    }

    private void awaitSparseMap() throws InvalidLayerException {
        header.storedSize -= HeaderBlock.SIZE;
        if (header.storedSize < 0) {
            throw new InvalidLayerException("sparse file ends within its map");
        }
        state = State.SPARSE_MAP;
    }

    private void entry() throws IOException {
        if (header.sparse.isPresent()) {
            if (header.isHeaderOnly()) {
                throw new InvalidLayerException("tar has a sparse entry that is no file");
            }
            header.sparse.get().check(header.size);
        }
        boolean isWanted = sink.entry(header, position);
        begin(isWanted ? State.DATA : State.UNWANTED_DATA, header.storedSize);
    }

    private void begin(State data, long length) {
        state = data;
        remaining = length;
        leaveIfDone();
    }
}
