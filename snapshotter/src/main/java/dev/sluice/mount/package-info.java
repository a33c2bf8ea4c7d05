/**
 * Builds layers, owns their directories, EROFS mounts, reference counts and restore; adapts the registry to blobs.
 *
 * <p>Whose layer is whose: {@link dev.sluice.mount.LayerId} names one index of one blob, {@link dev.sluice.mount.Vouchers} who stands for it,
 * {@link dev.sluice.mount.LayerAgreement} finds images that mean another layer by the same chain ID, and {@link dev.sluice.mount.Settlements} finds out
 * who is right.
 *
 * <p>Must not know the snapshots service or its messages.
 */
@NullMarked
package dev.sluice.mount;

import org.jspecify.annotations.NullMarked;
