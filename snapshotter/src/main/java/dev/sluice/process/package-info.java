/**
 * Runs programs of others for a bounded time, with bounded output. Knows nothing of what they are for, and never passes on what they
 * print to their standard error: it may hold secrets.
 */
@NullMarked
package dev.sluice.process;

import org.jspecify.annotations.NullMarked;
