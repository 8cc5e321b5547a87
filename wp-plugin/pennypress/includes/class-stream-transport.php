<?php
/**
 * Calls the service without the curl extension.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.WP.AlternativeFunctions, WordPress.PHP.NoSilencedErrors -- see Transport; a warning is read, not shown.

/**
 * The transport of a PHP that has no curl: its http:// streams, which hand on what has arrived just as well.
 */
final class Stream_Transport extends Transport {

	/** What PHP's warnings say, by what a person can do about it. */
	const KINDS = array(
		'dns'     => '/getaddrinfo|name or service not known/i',
		'refused' => '/refused/i',
		'timeout' => '/timed out/i',
		'tls'     => '/ssl|certificate|crypto/i',
	);

	/**
	 * Sends a request and hands the answer on.
	 *
	 * @param array    $request See Transport.
	 * @param callable $head    See Transport.
	 * @param callable $piece   See Transport.
	 * @param callable $idle    Is never told: a read of PHP's streams waits until something comes.
	 * @return array{kind: string, message: string}|null
	 */
	public function send( array $request, callable $head, callable $piece, callable $idle ) {
		$options = array(
			'http' => array(
				'method'           => $request['method'],
				'header'           => array_merge( $request['headers'], array( 'Connection: close' ) ),
				'content'          => $request['body'],
				// In 1.1 the answer would be chunked, and PHP gathers 8 KiB of such a one before it gives any of it.
				'protocol_version' => 1.0,
				'ignore_errors'    => true,
				'follow_location'  => 0,
				'timeout'          => min( 60, $request['total'] ),
			),
		);
		$bundle = self::certificates( 'openssl.cafile' );
		if ( $bundle ) {
			$options['ssl'] = array( 'cafile' => $bundle );
		}
		error_clear_last();
		$stream = @fopen( $request['url'], 'rb', false, stream_context_create( $options ) );
		if ( ! $stream ) {
			$error = error_get_last();
			return self::failure( $error ? $error['message'] : '' );
		}
		$meta = stream_get_meta_data( $stream );
		list( $status, $headers ) = self::read_head( $meta['wrapper_data'] );
		$until                    = time() + $request['total'];
		$going                    = $head( $status, $headers );
		while ( $going && time() < $until && ! feof( $stream ) ) {
			// fread waits for a whole buffer unless it is asked for no more than has come.
			$unread = stream_get_meta_data( $stream )['unread_bytes'];
			$bytes  = fread( $stream, $unread > 0 ? min( 8192, $unread ) : 8192 );
			if ( false === $bytes || '' === $bytes && stream_get_meta_data( $stream )['timed_out'] ) {
				break;
			}
			$going = '' === $bytes || $piece( $bytes );
		}
		$whole = feof( $stream );
		fclose( $stream );
		if ( ! $going ) {
			return array(
				'kind'    => 'stopped',
				'message' => '',
			);
		}
		return $whole ? null : self::failure( 'timed out' );
	}

	/**
	 * Status and headers of the last answer in a list of header lines.
	 *
	 * @param string[] $lines Header lines.
	 * @return array{int, array<string, string>}
	 */
	private static function read_head( array $lines ) {
		$status  = 0;
		$headers = array();
		foreach ( $lines as $line ) {
			if ( preg_match( '#^HTTP/[0-9.]+ +([0-9]{3})#', $line, $found ) ) {
				$status  = (int) $found[1];
				$headers = array();
			} elseif ( false !== strpos( $line, ':' ) ) {
				list( $name, $value )           = explode( ':', $line, 2 );
				$headers[ strtolower( $name ) ] = trim( $value );
			}
		}
		return array( $status, $headers );
	}

	/**
	 * What a warning of PHP's means.
	 *
	 * @param string $message The warning.
	 * @return array{kind: string, message: string}
	 */
	private static function failure( $message ) {
		foreach ( self::KINDS as $kind => $pattern ) {
			if ( preg_match( $pattern, $message ) ) {
				return compact( 'kind', 'message' );
			}
		}
		$kind = 'other';
		return compact( 'kind', 'message' );
	}
}
