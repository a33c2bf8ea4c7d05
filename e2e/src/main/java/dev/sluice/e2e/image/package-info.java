/**
 * Images to test with: made of Debian packages, or written byte by byte to be as awkward as a tar archive may be.
 */
@NullMarked
package dev.sluice.e2e.image;

import org.jspecify.annotations.NullMarked;
