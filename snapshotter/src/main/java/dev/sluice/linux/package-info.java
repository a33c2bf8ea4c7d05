/**
 * System calls through jnr, typed, with errno turned into exceptions.
 *
 * <p>Knows struct layouts and constants of the kernel's headers. The only package that sees jnr; it knows no other
 * package of Sluice.
 */
@NullMarked
package dev.sluice.linux;

import org.jspecify.annotations.NullMarked;
