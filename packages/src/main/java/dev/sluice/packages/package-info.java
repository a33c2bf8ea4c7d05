/**
 * Writes the container image, at build time: an OCI image layout out of directories, without a container engine.
 *
 * <p>Knows the OCI image format. Does not know what Sluice does, and is no part of what it writes.
 */
@NullMarked
package dev.sluice.packages;

import org.jspecify.annotations.NullMarked;
