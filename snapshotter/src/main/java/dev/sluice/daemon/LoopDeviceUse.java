package dev.sluice.daemon;

/** When EROFS is mounted on loop devices. */
public enum LoopDeviceUse {
    /** Where the kernel does not mount regular files. */
    AUTO,
    ALWAYS
}
