package dev.sluice.layer.tar;

/** What one pass over a plain layer found out about it. */
public final class TarIndex {
    private TarIndex() {}
}
