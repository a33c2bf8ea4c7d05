package dev.sluice.layer.soci;

import dev.sluice.layer.DeviceRange;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.LayerTree;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** Makes of a layer's ztoc what is needed to read the layer lazily. */
public final class SociLayer {
    /** Name of the format. */
    public static final String FORMAT = "soci";

    private static final int TAR_BLOCK = 512;

    private final LayerTree tree;
    private final SociLimits limits;
    private final TarFiles files = new TarFiles();
    /** Where the next header can begin at the earliest. */
    private long next;

    private SociLayer(SociLimits limits) {
        this.limits = limits;
        tree = new LayerTree(limits.entries(), limits.names());
    }

    /**
     * Reads a ztoc.
     *
     * @param ztoc from position to limit; whether it is the right one for this layer is somebody else's word
     * @param digest of the ztoc, {@code sha256:hex}
     * @param prefetch the artifact that says which spans are wanted at start; one that is malformed is as good as none
     * @throws InvalidLayerException if it is malformed, passes a limit, does not fit the layer, or has an entry of which it does not
     *     say enough
     */
    public static LayerIndex read(
            ByteBuffer ztoc, String digest, LayerDescriptor layer, Optional<byte[]> prefetch, SociLimits limits)
            throws InvalidLayerException {
        SociLayer reader = new SociLayer(limits);
        Ztoc table = Ztoc.read(ztoc, layer);
        reader.readEntries(table);
        SociLayout layout = SociLayout.of(table, reader.files, reader.tree.contents(), layer.size(), limits.device());
        List<DeviceRange> wanted = prefetch.isPresent()
                ? layout.ranges(
                        PrefetchSpans.parse(prefetch.get(), table.spans().count()))
                : List.of();
        return new LayerIndex(
                FORMAT, digest, reader.tree.entries(layout::fileOffset), layout.spans(), wanted, List.of());
    }

    private void readEntries(Ztoc ztoc) throws InvalidLayerException {
        FlatVector entries = ztoc.entries();
        if (entries.count() > limits.entries()) {
            throw new InvalidLayerException(
                    "layer has " + entries.count() + " entries, allowed are " + limits.entries());
        }
        for (int i = 0; i < entries.count(); i++) {
            add(ZtocEntry.of(entries.table(i)), ztoc.tarSize());
        }
    }

    private void add(ZtocEntry entry, long tarSize) throws InvalidLayerException {
        long offset = entry.tarOffset();
        boolean isFile = entry.type().equals("reg");
        long size = isFile ? entry.size() : 0;
        if (offset < next + TAR_BLOCK || offset % TAR_BLOCK != 0 || size < 0 || offset > tarSize - size) {
            throw new InvalidLayerException("entry of the ztoc overlaps the one before it or lies outside of the tar: "
                    + size + " bytes at " + offset);
        }
        if (isFile && entry.isSparse()) {
            throw new InvalidLayerException("layer has a sparse file, and a ztoc does not say where its parts are");
        }
        next = (offset + size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
        switch (entry.type()) {
            case "reg" -> tree.regularFile(entry.name(), entry.attributes(), size, files.add(offset, size));
            case "dir" -> tree.directory(entry.name(), entry.attributes());
            case "symlink" -> tree.symlink(entry.name(), entry.attributes(), entry.link());
            case "hardlink" -> tree.hardLink(entry.name(), entry.attributes(), entry.link());
            case "char" -> tree.charDevice(entry.name(), entry.attributes(), entry.major(), entry.minor());
            case "block" -> tree.blockDevice(entry.name(), entry.attributes(), entry.major(), entry.minor());
            case "fifo" -> tree.fifo(entry.name(), entry.attributes());
            default -> throw new InvalidLayerException("entry of the ztoc has an unknown type");
        }
    }
}
