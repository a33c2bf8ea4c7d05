/**
 * What a running daemon tells monitoring: metrics, and whether it is well.
 *
 * <p>Knows what the parts of a daemon count; does not know how it is asked, and changes nothing.
 */
@NullMarked
package dev.sluice.daemon.metrics;

import org.jspecify.annotations.NullMarked;
