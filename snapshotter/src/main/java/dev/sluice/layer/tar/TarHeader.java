package dev.sluice.layer.tar;

import java.util.Map;
import java.util.Optional;

/** What a tar says of one entry, all headers before it merged. Filled by {@link HeaderBlock}, {@link PaxRecords} and {@link TarParser}. */
final class TarHeader {
    static final char REGULAR = '0';
    static final char REGULAR_V7 = '\0';
    static final char HARD_LINK = '1';
    static final char SYMLINK = '2';
    static final char CHAR_DEVICE = '3';
    static final char BLOCK_DEVICE = '4';
    static final char DIRECTORY = '5';
    static final char FIFO = '6';
    static final char PAX = 'x';
    static final char PAX_GLOBAL = 'g';
    static final char GNU_LONG_NAME = 'L';
    static final char GNU_LONG_LINK = 'K';
    static final char GNU_SPARSE = 'S';

    char type;
    String name = "";
    String linkName = "";
    long mode;
    long uid;
    long gid;
    long mtimeSeconds;
    /** Negative for a time before 1970 with a fraction. */
    int mtimeNanos;

    long devMajor;
    long devMinor;
    /** Bytes of the file. */
    long size;
    /** Bytes that follow in the tar, without padding. Differs from {@link #size} if the file is sparse. */
    long storedSize;

    /** Which parts of a sparse file are stored. */
    Optional<SparseMap> sparse = Optional.empty();
    /** Key to value. */
    Map<String, byte[]> pax = Map.of();

    /** Whether no data follow whatever the size says. */
    boolean isHeaderOnly() {
        return type >= HARD_LINK && type <= FIFO;
    }
}
