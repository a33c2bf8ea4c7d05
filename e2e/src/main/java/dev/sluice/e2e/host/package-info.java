/**
 * What the harness needs of the machine: commands, long-running processes, one private directory, mounts, the page cache.
 */
@NullMarked
package dev.sluice.e2e.host;

import org.jspecify.annotations.NullMarked;
