package dev.sluice.image;

import static java.util.stream.Collectors.joining;

import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.MediaTypes;
import dev.sluice.registry.Platform;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/**
 * A small image that containerd can pull and unpack. Equal arguments make equal images.
 *
 * @param layers tars, gzipped, from the lowest to the topmost
 */
public record TestImage(List<byte[]> layers, List<Digest> diffIds, byte[] config, byte[] manifest) {
    private static final String LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";
    private static final String CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";

    /** An image with some layers, each with one empty file. */
    public static TestImage withLayers(String name, int count) {
        List<String> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            files.add(name + "-" + i);
        }
        return withFiles(files);
    }

    /** An image with one layer for each file, an empty one. */
    public static TestImage withFiles(List<String> files) {
        List<byte[]> tars = files.stream().map(TestImage::tar).toList();
        return of(tars, tars.stream().map(Digest::sha256).toList());
    }

    /** An image whose config claims any diff IDs. */
    public static TestImage of(List<byte[]> tars, List<Digest> diffIds) {
        List<byte[]> layers = tars.stream().map(TestImage::gzip).toList();
        byte[] config = utf8("""
                {"architecture":"%s","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}""".formatted(
                        Platform.linuxHere().architecture(),
                        diffIds.stream().map(id -> "\"" + id + "\"").collect(joining(","))));
        byte[] manifest = utf8("""
                {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}""".formatted(
                MediaTypes.OCI_MANIFEST,
                descriptor(CONFIG_TYPE, config),
                layers.stream().map(layer -> descriptor(LAYER_TYPE, layer)).collect(joining(","))));
        return new TestImage(layers, List.copyOf(diffIds), config, manifest);
    }

    public Digest manifestDigest() {
        return Digest.sha256(manifest);
    }

    public Digest layerDigest(int index) {
        return Digest.sha256(layers.get(index));
    }

    public String chainId(int index) {
        return ChainId.ofLayers(diffIds).get(index).toString();
    }

    /** Pushes it, with all its parts. */
    public ImageReference push(PrivateRegistry registry, String repository, String tag) throws IOException {
        for (byte[] layer : layers) {
            registry.putBlob(repository, layer);
        }
        registry.putBlob(repository, config);
        registry.putManifest(repository, tag, MediaTypes.OCI_MANIFEST, manifest);
        return ImageReference.parse(registry.host() + "/" + repository + ":" + tag);
    }

    /** Pushes an index that has this image for our platform. */
    public ImageReference pushIndex(PrivateRegistry registry, String repository, String tag) throws IOException {
        push(registry, repository, tag);
        byte[] index = utf8("""
                {"schemaVersion":2,"mediaType":"%s","manifests":[
                 {"mediaType":"%s","digest":"%s","size":%d,"platform":{"os":"linux","architecture":"%s"}}]}""".formatted(
                        MediaTypes.OCI_INDEX,
                        MediaTypes.OCI_MANIFEST,
                        manifestDigest(),
                        manifest.length,
                        Platform.linuxHere().architecture()));
        registry.putManifest(repository, tag, MediaTypes.OCI_INDEX, index);
        return ImageReference.parse(registry.host() + "/" + repository + ":" + tag);
    }

    /** A tar with one empty file. */
    static byte[] tar(String file) {
        byte[] tar = new byte[512 * 3];
        put(tar, 0, file);
        put(tar, 100, "0000644\0");
        put(tar, 108, "0000000\0");
        put(tar, 116, "0000000\0");
        put(tar, 124, "00000000000\0");
        put(tar, 136, "00000000000\0");
        Arrays.fill(tar, 148, 156, (byte) ' ');
        put(tar, 156, "0");
        put(tar, 257, "ustar\00000");
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += tar[i];
        }
        put(tar, 148, String.format(Locale.ROOT, "%06o\0 ", sum));
        return tar;
    }

    private static void put(byte[] tar, int offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, tar, offset, bytes.length);
    }

    private static byte[] gzip(byte[] tar) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(tar);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return out.toByteArray();
    }

    private static String descriptor(String mediaType, byte[] content) {
        return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
                .formatted(mediaType, Digest.sha256(content), content.length);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
