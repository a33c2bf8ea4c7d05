package dev.sluice.layer.toc;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.sluice.layer.InvalidLayerException;
import java.io.IOException;
import java.io.InputStream;

/** Reads the JSON of a table of contents as a stream, entry by entry. */
final class TocParser {
    /** Takes the entries in their order. */
    interface Sink {
        /** @throws InvalidLayerException to stop */
        void accept(TocEntry entry) throws InvalidLayerException;
    }

    private static final int MAX_DEPTH = 16;
    private static final int MAX_STRING = 128 << 10;
    private static final int MAX_NUMBER = 20;
    private static final int MAX_NAME = 512;

    private final JsonFactory factory;
    private final int maxEntries;

    TocParser(TocLimits limits) {
        maxEntries = limits.entries();
        factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .maxStringLength(MAX_STRING)
                        .maxNumberLength(MAX_NUMBER)
                        .maxNameLength(MAX_NAME)
                        .maxDocumentLength(limits.json())
                        .build())
                .disable(JsonFactory.Feature.CHARSET_DETECTION)
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .build();
    }

    /**
     * Reads all of {@code json}, which is not closed.
     *
     * @throws InvalidLayerException if it is no table of contents of version 1, or is ambiguous
     */
    void parse(InputStream json, Sink sink) throws IOException {
        try (JsonParser parser = factory.createParser(json).disable(JsonParser.Feature.AUTO_CLOSE_SOURCE)) {
            parseToc(parser, sink);
        } catch (JsonProcessingException e) {
            throw new InvalidLayerException("table of contents is malformed: " + e.getOriginalMessage(), e);
        }
    }

    private void parseToc(JsonParser parser, Sink sink) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new InvalidLayerException("table of contents is no JSON object");
        }
        TocEntryParser entries = new TocEntryParser(parser);
        boolean hasVersion = false;
        boolean hasEntries = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = TocEntryParser.fold(parser.currentName());
            parser.nextToken();
            if (field.equals("version") && !hasVersion) {
                hasVersion = true;
                checkVersion(TocEntryParser.readNumber(parser, "version"));
            } else if (field.equals("entries") && !hasEntries) {
                hasEntries = true;
                parseEntries(parser, entries, sink);
            } else if (field.equals("version") || field.equals("entries")) {
                throw new InvalidLayerException("table of contents has two fields " + field);
            } else {
                parser.skipChildren();
            }
        }
        if (!hasVersion || !hasEntries) {
            throw new InvalidLayerException("table of contents has no version or no entries");
        }
        if (parser.nextToken() != null) {
            throw new InvalidLayerException("table of contents is followed by more JSON");
        }
    }

    private void parseEntries(JsonParser parser, TocEntryParser entries, Sink sink) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return;
        }
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw new InvalidLayerException("entries of the table of contents are no array");
        }
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (++count > maxEntries) {
                throw new InvalidLayerException("table of contents has more than " + maxEntries + " entries");
            }
            sink.accept(entries.parse());
        }
    }

    private static void checkVersion(long version) throws InvalidLayerException {
        if (version != 1) {
            throw new InvalidLayerException("table of contents has the version " + version + ", expected 1");
        }
    }
}
