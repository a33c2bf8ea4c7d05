/**
 * Client of containerd's content, image, container, snapshot and introspection services.
 *
 * <p>Knows gRPC and containerd's namespaces. Must not know what the contents mean.
 */
@NullMarked
package dev.sluice.containerd;

import org.jspecify.annotations.NullMarked;
