<?php
/**
 * Why nothing gets to the service.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * What was wrong with a whole call, not with one document.
 */
final class Service_Trouble {

	/** Statuses that say: the same call will never be taken, whatever time passes. */
	const ABOUT_THE_CALL = array( 400, 413, 422 );

	/**
	 * For a person.
	 *
	 * @var string
	 */
	public $message;

	/**
	 * Seconds that the service asks to wait, or 0.
	 *
	 * @var int
	 */
	public $retry_after;

	/**
	 * Whether the call itself was wrong: sent in smaller parts it may be taken.
	 *
	 * @var bool
	 */
	public $is_about_the_call;

	/**
	 * A trouble.
	 *
	 * @param string $message           For a person.
	 * @param int    $retry_after       Seconds, or 0.
	 * @param bool   $is_about_the_call Whether the call itself was wrong.
	 */
	public function __construct( $message, $retry_after = 0, $is_about_the_call = false ) {
		$this->message           = $message;
		$this->retry_after       = $retry_after;
		$this->is_about_the_call = $is_about_the_call;
	}

	/**
	 * Nothing can be sent, because what waits cannot be written down.
	 *
	 * @return Service_Trouble
	 */
	public static function of_the_database() {
		global $wpdb;
		/* translators: %s: error message */
		return new self( sprintf( __( 'WordPress’s database does not take what is to be sent: %s', 'pennypress' ), $wpdb->last_error ) );
	}

	/**
	 * What an answer says that is not the wanted one.
	 *
	 * @param int                   $status  Its HTTP status.
	 * @param array<string, string> $headers Its headers.
	 * @param mixed                 $answer  Its JSON, if it has any.
	 * @return Service_Trouble
	 */
	public static function from_answer( $status, array $headers, $answer ) {
		$wait = isset( $headers['retry-after'] ) && ctype_digit( $headers['retry-after'] ) ? min( 3600, (int) $headers['retry-after'] ) : 0;
		if ( ! is_array( $answer ) || ! isset( $answer['code'] ) || ! is_string( $answer['code'] ) ) {
			if ( 413 === $status ) { // Said by a server before the service, which never saw the call.
				return new self( __( 'This page is too long for the web server in front of the service (status 413). Let that server take larger requests: in nginx, by “client_max_body_size 8m;”. Then press “Try again now”.', 'pennypress' ), 0, true );
			}
			/* translators: %d: HTTP status */
			return new self( sprintf( __( 'What answers at the service’s address takes no content (status %d). Is the service older than this plugin?', 'pennypress' ), $status ), $wait );
		}
		$detail = isset( $answer['detail'] ) && is_string( $answer['detail'] ) ? $answer['detail'] : '';
		return new self(
			/* translators: 1: code of an error, 2: what the service said */
			sprintf( __( 'The service said no (%1$s): %2$s', 'pennypress' ), $answer['code'], $detail ),
			$wait,
			in_array( $status, self::ABOUT_THE_CALL, true )
		);
	}
}
