/**
 * The fanotify backend: EROFS reads a sparse file that carries a pre-content mark, and the kernel holds each reader until its range is filled.
 *
 * <p>Knows the protocol of {@code include/uapi/linux/fanotify.h}. An answer is success only when the bytes are there. It never lets go of a
 * group that marks an incomplete layer: the kernel would serve zeros.
 */
@NullMarked
package dev.sluice.ondemand.fanotify;

import org.jspecify.annotations.NullMarked;
