/**
 * Images of nydus, RAFS version 6: a bootstrap, which is an EROFS image with tables of blobs and chunks, and the blobs that its chunks lie
 * in. Layouts are those of {@code rafs/src/metadata/layout/v6.rs} and {@code storage/src/meta} in nydus.
 *
 * <p>Everything read here is foreign and checked before use. Must not know how blobs are fetched.
 */
@NullMarked
package dev.sluice.layer.nydus;

import org.jspecify.annotations.NullMarked;
