package dev.sluice.ondemand.fuse;

/**
 * What kernel and daemon agreed on when the connection began. The kernel says it once: who takes a connection over has to be told.
 *
 * @param minor of protocol version 7
 * @param flags the agreed ones; the upper half is what INIT calls its second flags
 * @param maxReadahead in bytes
 * @param maxPages longest read, in pages of 4096 bytes
 */
public record FuseConnection(int minor, long flags, int maxReadahead, int maxPages) {
    boolean has(long flag) {
        return (flags & flag) != 0;
    }

    /** Longest read, in bytes. */
    int maxReadBytes() {
        return maxPages * 4096;
    }
}
