/**
 * Writes EROFS metadata images with external data devices, and reads them back for tests and tools.
 *
 * <p>Knows the on-disk format ({@code fs/erofs/erofs_fs.h}). Must not know where entries come from or how data get into
 * the device.
 */
@NullMarked
package dev.sluice.erofs;

import org.jspecify.annotations.NullMarked;
