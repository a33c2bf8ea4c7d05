package dev.sluice.layer.nydus;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The blobs of a bootstrap, one behind the other in the order of its table. A blob is a layer of the image; or it is a plain gzip layer of
 * another image in the same repository, of which a layer of this image holds the metadata.
 *
 * @param blobs by index
 * @param starts where each begins in the space, in bytes
 * @param zrans for each blob that is a gzip layer, how it is read
 * @param size of all together, in bytes
 */
record BlobSpace(List<LayerDescriptor> blobs, List<Long> starts, List<Optional<ZranTable>> zrans, long size) {
    private static final String GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
    private static final String SHA256 = "sha256:";
    private static final long MAX_SIZE = 1L << 50;

    BlobSpace {
        blobs = List.copyOf(blobs);
        starts = List.copyOf(starts);
        zrans = List.copyOf(zrans);
    }

    /**
     * Finds all blobs, and reads the metadata of those that are gzip layers.
     *
     * @throws InvalidLayerException if a blob is not in the image
     * @throws IOException if metadata cannot be read
     */
    static BlobSpace of(Bootstrap bootstrap, LayerImage image, Limits limits) throws IOException {
        List<LayerDescriptor> blobs = new ArrayList<>();
        List<Long> starts = new ArrayList<>();
        List<Optional<ZranTable>> zrans = new ArrayList<>();
        long size = 0;
        for (BlobEntry entry : bootstrap.blobs()) {
            LayerDescriptor layer = layer(image, SHA256 + (entry.zran() ? entry.metadata() : entry.id()));
            LayerDescriptor blob =
                    entry.zran() ? new LayerDescriptor(GZIP, SHA256 + entry.id(), entry.size(), Map.of()) : layer;
            if (blob.size() <= 0 || blob.size() > MAX_SIZE - size) {
                throw new InvalidLayerException("blob " + blob.digest() + " has a size of " + blob.size() + " bytes");
            }
            blobs.add(blob);
            starts.add(size);
            zrans.add(entry.zran() ? Optional.of(zran(layer, image, limits)) : Optional.empty());
            size += blob.size();
        }
        return new BlobSpace(blobs, starts, zrans, size);
    }

    private static LayerDescriptor layer(LayerImage image, String digest) throws InvalidLayerException {
        return image.layers().stream()
                .filter(layer -> layer.digest().equals(digest))
                .findFirst()
                .orElseThrow(() -> new InvalidLayerException(
                        "its bootstrap needs " + digest + ", which is no layer of the image"));
    }

    private static ZranTable zran(LayerDescriptor layer, LayerImage image, Limits limits) throws IOException {
        ByteBuffer metadata = VerifiedBlob.read(
                image.open(layer),
                layer.digest(),
                limits.bootstrap(),
                in -> ByteBuffer.wrap(in.readNBytes(limits.bootstrap())));
        return ZranTable.read(BlobToc.of(metadata), limits.bootstrap());
    }

    Optional<ZranTable> zran(int blob) {
        return zrans.get(blob);
    }

    /**
     * Where bytes of a blob are in the space.
     *
     * @throws InvalidLayerException if they are outside of the blob
     */
    long offset(int blob, long offset, long length) throws InvalidLayerException {
        long blobSize = blobs.get(blob).size();
        if (offset < 0 || length <= 0 || length > blobSize || offset > blobSize - length) {
            throw new InvalidLayerException(length + " bytes at " + offset + " are outside of blob "
                    + blobs.get(blob).digest());
        }
        return starts.get(blob) + offset;
    }
}
