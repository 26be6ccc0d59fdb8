package tth.client;

import java.util.Set;
import tth.v1.Converse.ConverseResponse;

/**
 * One answer of the server.
 *
 * @param generation raised by every interrupt; a turn belongs to the one in which it was said
 * @param ends turns that are over with this event: they ended, were refused, or were lost with a connection
 */
public record Event(ConverseResponse response, int generation, Set<String> ends) {}
