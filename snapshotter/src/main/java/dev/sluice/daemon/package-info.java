/**
 * Wires everything into one process: configuration, life cycle, admin service.
 *
 * <p>The only place where implementations are chosen.
 */
@NullMarked
package dev.sluice.daemon;

import org.jspecify.annotations.NullMarked;
