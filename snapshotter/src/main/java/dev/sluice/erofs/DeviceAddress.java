package dev.sluice.erofs;

/**
 * A block of a device.
 *
 * @param device 1 for the first data device and so on, 0 for the image itself
 */
record DeviceAddress(int device, long block) {
    /** More than any device has, few enough to be counted in bytes. */
    private static final long MAX_BLOCKS = 1L << 46;

    /** What an address means: one of the image itself may lie where a device is mapped. */
    static DeviceAddress of(ErofsSuperblock superblock, int device, long block) {
        for (int i = 0; device == 0 && i < superblock.devices().size(); i++) {
            ErofsSuperblock.Device mapped = superblock.devices().get(i);
            long offset = block - mapped.mappedBlock();
            if (mapped.mappedBlock() != 0 && offset >= 0 && offset < mapped.blocks()) {
                return new DeviceAddress(i + 1, offset);
            }
        }
        return new DeviceAddress(device, block);
    }

    /** Throws unless some bytes from here on lie within the device. */
    void check(ErofsSuperblock superblock, ErofsInode inode, long length) throws ErofsException {
        if (device > superblock.devices().size()) {
            throw new ErofsException("inode " + inode.nid() + " refers to device " + device + " of "
                    + superblock.devices().size());
        }
        long end = block + (length - 1) / superblock.blockSize() + 1;
        long blocks = blocks(superblock);
        if (end > blocks) {
            throw new ErofsException("contents of inode " + inode.nid() + " end at block " + end + " of device "
                    + device + ", which has " + blocks);
        }
    }

    private long blocks(ErofsSuperblock superblock) {
        if (device == 0) {
            return superblock.blocks();
        }
        long blocks = superblock.devices().get(device - 1).blocks();
        return blocks == 0 ? MAX_BLOCKS : blocks;
    }
}
