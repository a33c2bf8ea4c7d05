package dev.sluice.erofs;

/**
 * A name in a directory.
 *
 * @param name 1 to 255 bytes without slash and NUL
 * @param nid number of the inode
 * @param type 1 regular file, 2 directory, 3 character device, 4 block device, 5 fifo, 6 socket, 7 symlink
 */
public record ErofsDirent(byte[] name, long nid, int type) {}
