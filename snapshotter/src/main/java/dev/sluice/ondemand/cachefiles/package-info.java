/**
 * The cachefiles backend: EROFS over fscache, with the kernel's own cache as data device ({@code Documentation/filesystems/caching/cachefiles.rst}).
 *
 * <p>Knows {@code /dev/cachefiles} as {@code include/uapi/linux/cachefiles.h} has it. Knows nothing of images, registries and snapshots. An error
 * completes its request without data, which the reader sees as an I/O error.
 */
@NullMarked
package dev.sluice.ondemand.cachefiles;

import org.jspecify.annotations.NullMarked;
