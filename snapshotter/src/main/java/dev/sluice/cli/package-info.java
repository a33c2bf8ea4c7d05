/**
 * The {@code sluice} command.
 *
 * <p>Turns arguments into calls and results into text or JSON; every failure is one clear sentence and a non-zero exit.
 */
@NullMarked
package dev.sluice.cli;

import org.jspecify.annotations.NullMarked;
