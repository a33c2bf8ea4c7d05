/**
 * The FUSE backend: a flat directory of blob files on a {@code /dev/fuse} connection of our own.
 *
 * <p>Knows the protocol of {@code include/uapi/linux/fuse.h}. An error is answered as an error, never as zeros.
 */
@NullMarked
package dev.sluice.ondemand.fuse;

import org.jspecify.annotations.NullMarked;
