/**
 * The front door of the admin address: gRPC and plain HTTP at one place.
 *
 * <p>Knows connections and protocols; does not know what is asked there.
 */
@NullMarked
package dev.sluice.daemon.http;

import org.jspecify.annotations.NullMarked;
