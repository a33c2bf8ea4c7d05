package dev.sluice.erofs;

/**
 * What a written image came to.
 *
 * @param blocks size of the image, in blocks of 4096 bytes
 * @param inodes number of inodes; further names of one inode do not count
 * @param skippedXattrs extended attributes left out because EROFS has no name prefix for them
 */
public record ErofsImageInfo(long blocks, long inodes, long skippedXattrs) {
    /** Size of the image in bytes. */
    public long bytes() {
        return blocks * OnDisk.BLOCK;
    }
}
