/**
 * Builds layers, owns their directories, EROFS mounts, reference counts and restore; adapts the registry to blobs.
 *
 * <p>Must not know the snapshots service or its messages.
 */
@NullMarked
package dev.sluice.mount;

import org.jspecify.annotations.NullMarked;
