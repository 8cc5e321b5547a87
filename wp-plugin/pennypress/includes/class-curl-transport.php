<?php
/**
 * Calls the service by PHP's curl extension.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.WP.AlternativeFunctions -- see Transport.

/**
 * The transport that nearly every host has.
 */
final class Curl_Transport extends Transport {

	/** Seconds without a byte after which the service is taken for gone; it sends a ping every second. */
	const LONGEST_SILENCE = 60;

	/** Seconds without a byte after which `idle` is told. */
	const IDLE = 0.25;

	/** Curl's number for "the reader wanted no more". */
	const STOPPED = 23;

	/** Numbers of curl's errors (libcurl-errors), by what a person can do about them. */
	const KINDS = array(
		6             => 'dns',
		7             => 'refused',
		self::STOPPED => 'stopped',
		28            => 'timeout',
		35            => 'tls',
		51            => 'tls',
		58            => 'tls',
		59            => 'tls',
		60            => 'tls',
		77            => 'tls',
		83            => 'tls',
	);

	/**
	 * Sends a request and hands the answer on.
	 *
	 * @param array    $request See Transport.
	 * @param callable $head    See Transport.
	 * @param callable $piece   See Transport.
	 * @param callable $idle    See Transport.
	 * @return array{kind: string, message: string}|null
	 */
	public function send( array $request, callable $head, callable $piece, callable $idle ) {
		$status  = 0;
		$headers = array();
		$handle  = curl_init();
		$options = array(
			CURLOPT_URL             => $request['url'],
			CURLOPT_CUSTOMREQUEST   => $request['method'],
			// Without the empty Expect, curl waits a second for leave to send a body of more than a kilobyte.
			CURLOPT_HTTPHEADER      => array_merge( $request['headers'], array( 'Expect:' ) ),
			CURLOPT_HTTP_VERSION    => CURL_HTTP_VERSION_1_1,
			CURLOPT_PROTOCOLS       => CURLPROTO_HTTP | CURLPROTO_HTTPS,
			CURLOPT_FOLLOWLOCATION  => false,
			CURLOPT_CONNECTTIMEOUT  => $request['connect'],
			CURLOPT_TIMEOUT         => $request['total'],
			CURLOPT_LOW_SPEED_LIMIT => 1,
			CURLOPT_LOW_SPEED_TIME  => self::LONGEST_SILENCE,
			CURLOPT_NOSIGNAL        => true,
			CURLOPT_TCP_NODELAY     => true,
			CURLOPT_HEADERFUNCTION  => static function ( $handle, $line ) use ( &$status, &$headers, $head ) {
				$text = trim( $line );
				if ( preg_match( '#^HTTP/[0-9.]+ +([0-9]{3})#', $text, $found ) ) {
					$status  = (int) $found[1];
					$headers = array();
				} elseif ( '' === $text ) {
					if ( $status >= 200 && ! $head( $status, $headers ) ) {
						return 0;
					}
				} elseif ( false !== strpos( $text, ':' ) ) {
					list( $name, $value )              = explode( ':', $text, 2 );
					$headers[ strtolower( $name ) ] = trim( $value );
				}
				return strlen( $line );
			},
			CURLOPT_WRITEFUNCTION   => static function ( $handle, $bytes ) use ( $piece ) {
				return $piece( $bytes ) ? strlen( $bytes ) : 0;
			},
		);
		if ( defined( 'CURLOPT_SUPPRESS_CONNECT_HEADERS' ) ) { // Since libcurl 7.54, of 2017.
			$options[ CURLOPT_SUPPRESS_CONNECT_HEADERS ] = true; // A proxy's word that it opened the way is not the answer.
		}
		if ( '' !== $request['body'] ) {
			$options[ CURLOPT_POSTFIELDS ] = $request['body'];
		}
		$bundle = self::certificates( 'curl.cainfo' );
		if ( $bundle ) {
			$options[ CURLOPT_CAINFO ] = $bundle;
		}
		curl_setopt_array( $handle, $options + self::proxy( $request['url'] ) );
		$number = self::perform( $handle, $idle );
		if ( 0 === $number ) {
			return null;
		}
		return array(
			'kind'    => self::kind( $number, curl_error( $handle ) ),
			'message' => '' === curl_error( $handle ) ? (string) curl_strerror( $number ) : curl_error( $handle ),
		);
	}

	/**
	 * What went wrong. A name that could not be looked up in time is a trouble of names, not of the service.
	 *
	 * @param int    $number curl's number of the error.
	 * @param string $told   curl's words for it.
	 * @return string One of KINDS, or 'other'.
	 */
	private static function kind( $number, $told ) {
		if ( 0 === stripos( $told, 'Resolving timed out' ) ) {
			return 'dns';
		}
		return isset( self::KINDS[ $number ] ) ? self::KINDS[ $number ] : 'other';
	}

	/**
	 * Carries a request out, and tells each time that nothing came for a while.
	 *
	 * @param resource|\CurlHandle $handle The request.
	 * @param callable             $idle   See Transport.
	 * @return int The number of curl's error, or 0.
	 */
	private static function perform( $handle, callable $idle ) {
		$multi  = curl_multi_init();
		$number = 0;
		$quiet  = microtime( true );
		curl_multi_add_handle( $multi, $handle );
		do {
			curl_multi_exec( $multi, $running );
			if ( ! $running ) {
				break;
			}
			$ready = curl_multi_select( $multi, self::IDLE );
			if ( -1 === $ready ) {
				usleep( 1000 ); // There is nothing to wait for yet, as while a name is looked up.
			} elseif ( $ready > 0 ) {
				$quiet = microtime( true );
			} elseif ( microtime( true ) - $quiet >= self::IDLE ) { // curl also wakes up for timers of its own.
				$quiet = microtime( true );
				if ( ! $idle() ) {
					$number = self::STOPPED;
					break;
				}
			}
		} while ( true );
		$done = curl_multi_info_read( $multi );
		if ( is_array( $done ) && 0 === $number ) {
			$number = $done['result'];
		}
		curl_multi_remove_handle( $multi, $handle );
		return $number;
	}

	/**
	 * The proxy that wp-config.php sends WordPress's own requests through.
	 *
	 * @param string $url Where to.
	 * @return array<int, mixed>
	 */
	private static function proxy( $url ) {
		$proxy = new \WP_HTTP_Proxy();
		if ( ! $proxy->is_enabled() || ! $proxy->send_through_proxy( $url ) ) {
			return array();
		}
		$options = array(
			CURLOPT_PROXYTYPE => CURLPROXY_HTTP,
			CURLOPT_PROXY     => $proxy->host(),
			CURLOPT_PROXYPORT => $proxy->port(),
		);
		if ( $proxy->use_authentication() ) {
			$options[ CURLOPT_PROXYUSERPWD ] = $proxy->authentication();
		}
		return $options;
	}
}
