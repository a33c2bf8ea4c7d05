/**
 * Puts Sluice into containerd's configuration, and takes it out again.
 *
 * <p>Knows which lines which containerd needs, how it merges the files that it imports, and how a file is replaced so that nobody ever sees
 * half of it. What is missing is found in one place ({@link dev.sluice.install.ContainerdCheck}), for {@code sluice doctor} and for
 * {@code sluice install}. Must not know what the daemon does.
 */
@NullMarked
package dev.sluice.install;

import org.jspecify.annotations.NullMarked;
