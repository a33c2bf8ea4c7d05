/**
 * containerd's snapshots service: store, life cycle, overlay mounts, usage, cleanup.
 *
 * <p>Knows the contract with containerd. Must not know formats, backends or registries.
 */
@NullMarked
package dev.sluice.snapshot;

import org.jspecify.annotations.NullMarked;
