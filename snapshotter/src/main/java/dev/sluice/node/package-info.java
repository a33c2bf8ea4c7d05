/**
 * Sluice on a node of a Kubernetes cluster: what its pods do there ({@code sluice node}). They install Sluice onto the host as a systemd
 * service, tell the cluster whether it works, and take it off again.
 *
 * <p>Knows the host's file system by a directory, its programs by {@code chroot(8)}, the node object, and containerd. Changes containerd's
 * configuration only by running {@code sluice install} on the host. Must not know what the daemon does.
 */
@NullMarked
package dev.sluice.node;

import org.jspecify.annotations.NullMarked;
