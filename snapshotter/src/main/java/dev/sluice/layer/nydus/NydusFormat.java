package dev.sluice.layer.nydus;

import dev.sluice.layer.Blob;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat;
import dev.sluice.layer.LayerImage;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.LayerTree;
import dev.sluice.layer.SpanTableBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Images of nydus, RAFS version 6. Their layers are blobs, which hold chunks, and a last one with the bootstrap, which has the tree of
 * the whole image and for every chunk its place and digest.
 *
 * <p>The bootstrap's layer is read as the whole tree, over a data device that is filled from all blobs; the layers of blobs are empty. Each
 * blob has a bootstrap of its own, too, and could be a layer like any other, shared by images; but nothing vouches for that: the image's
 * bootstrap has no digest of it (it could, in a field that the makers leave empty), and the manifest only one of the whole blob. So two
 * images with a blob in common fetch its chunks once each. What is gained is that whatever the makers do with whiteouts, chunk
 * dictionaries and references to other images is right as it stands.
 *
 * <p>All digests come from the bootstrap, which is fetched as a whole and has the digest that the manifest says.
 */
public final class NydusFormat implements LayerFormat {
    private static final String BOOTSTRAP = "containerd.io/snapshot/nydus-bootstrap";
    private static final String BLOB = "containerd.io/snapshot/nydus-blob";
    private static final String BLOB_TYPE = "application/vnd.oci.image.layer.nydus.blob.v1";
    private static final String FS_VERSION = "containerd.io/snapshot/nydus-fs-version";
    private static final String SUPPORTED_VERSION = "6";
    /** Of a table of contents that has nothing in it. */
    private static final String NOTHING = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

    private final Limits limits;
    private final RecentIndexes indexes = new RecentIndexes();

    /** Reads bootstraps of up to 512 MiB, or less if the heap of this process is below 8 GiB. */
    public NydusFormat() {
        this(Limits.forHeap(Runtime.getRuntime().maxMemory()));
    }

    NydusFormat(Limits limits) {
        this.limits = limits;
    }

    @Override
    public String name() {
        return "nydus";
    }

    /**
     * The bootstrap's layer is its own table of contents. That of a blob is empty, so that all images which have the blob agree on it, whatever
     * their bootstraps are.
     */
    @Override
    public Optional<String> indexDigest(LayerDescriptor layer) {
        if (isBlob(layer) && !isBootstrap(layer)) {
            return Optional.of(NOTHING);
        }
        return isBootstrap(layer) && DIGEST.matcher(layer.digest()).matches()
                ? Optional.of(layer.digest())
                : Optional.empty();
    }

    @Override
    public Result read(LayerDescriptor layer, Blob blob, LayerImage image) throws IOException {
        if (isBootstrap(layer)) {
            return new Result.Indexed(index(layer, image));
        }
        if (!isBlob(layer)) {
            return new Result.NotThisFormat("its manifest does not call it a layer of nydus");
        }
        LayerDescriptor bootstrap = image.layers().stream()
                .filter(NydusFormat::isBootstrap)
                .findFirst()
                .orElseThrow(() -> new InvalidLayerException("it is a blob of nydus, and the image has no bootstrap"));
        // Empty only if what it holds is to be seen in another layer.
        index(bootstrap, image);
        return new Result.Indexed(
                new LayerIndex(name(), NOTHING, List.of(), new SpanTableBuilder(layer.size()).build(0), 0));
    }

    /** The tar of a bootstrap has it as a file, and not the tree that it describes. */
    @Override
    public boolean isTar(LayerDescriptor layer) {
        return !isBootstrap(layer) && !isBlob(layer);
    }

    private static boolean isBlob(LayerDescriptor layer) {
        return layer.annotations().containsKey(BLOB) || layer.mediaType().equals(BLOB_TYPE);
    }

    private static boolean isBootstrap(LayerDescriptor layer) {
        return layer.annotations().containsKey(BOOTSTRAP);
    }

    private LayerIndex index(LayerDescriptor layer, LayerImage image) throws IOException {
        if (!DIGEST.matcher(layer.digest()).matches()) {
            throw new InvalidLayerException("its bootstrap has no SHA-256 digest");
        }
        String version = layer.annotations().getOrDefault(FS_VERSION, SUPPORTED_VERSION);
        if (!version.equals(SUPPORTED_VERSION)) {
            throw new InvalidLayerException("it is RAFS of version " + version + ", only version 6 is supported");
        }
        return indexes.get(layer.digest(), () -> {
            ByteBuffer bytes = VerifiedBlob.read(
                    image.open(layer), layer.digest(), limits.layer(), in -> BootstrapTar.find(in, limits));
            Bootstrap bootstrap = Bootstrap.read(bytes);
            return index(name(), layer.digest(), bootstrap, BlobSpace.of(bootstrap, image, limits), limits);
        });
    }

    /** Makes entries, spans and extents of a bootstrap. */
    static LayerIndex index(String format, String digest, Bootstrap bootstrap, BlobSpace space, Limits limits)
            throws IOException {
        LayerTree tree = new LayerTree(limits.entries(), limits.bytes());
        // A file names each of its chunks by 8 bytes, or is the only one that has just these.
        Contents contents = new Contents(bootstrap.chunks(), bootstrap.size() / 8);
        TreeReader.read(bootstrap.tree(), tree, contents);
        SpanLayout.Result layout = SpanLayout.of(bootstrap, space, contents.all(), tree.contents());
        long[] offsets = layout.deviceOffsets();
        return new LayerIndex(
                format, digest, tree.entries(content -> offsets[content]), layout.spans(), 0, space.blobs());
    }
}
