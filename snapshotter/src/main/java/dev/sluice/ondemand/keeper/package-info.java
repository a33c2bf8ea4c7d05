/**
 * Who holds Sluice's kernel files while the daemon is dead: a service manager's file descriptor store, or a process of our own.
 *
 * <p>Knows the environment and the messages of {@code sd_listen_fds(3)} and {@code sd_notify(3)}, and how a process is kept from dying
 * with the daemon. Does not know what the files are, nor the backends that own them.
 */
@NullMarked
package dev.sluice.ondemand.keeper;

import org.jspecify.annotations.NullMarked;
