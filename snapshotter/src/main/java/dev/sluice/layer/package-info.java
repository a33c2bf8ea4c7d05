/**
 * What every image format is turned into: entries, spans and extents, and how a span is decoded.
 *
 * <p>Knows no format, no registry and no kernel interface; the formats live in packages beneath it.
 */
@NullMarked
package dev.sluice.layer;

import org.jspecify.annotations.NullMarked;
