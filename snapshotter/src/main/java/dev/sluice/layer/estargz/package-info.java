/**
 * eStargz: footer, table of contents, and its translation into entries, spans and extents.
 *
 * <p>Everything read here is foreign and checked before use. Must not know how blobs are fetched.
 */
@NullMarked
package dev.sluice.layer.estargz;

import org.jspecify.annotations.NullMarked;
