/**
 * eStargz: footers, and where the table of contents lies.
 *
 * <p>Everything read here is foreign and checked before use. Must not know how blobs are fetched.
 */
@NullMarked
package dev.sluice.layer.estargz;

import org.jspecify.annotations.NullMarked;
